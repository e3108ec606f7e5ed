// Package compose checks docker-compose.yml and the Dockerfile without a container engine: their structure, that services
// wait for what they need, that nothing listens beyond loopback and that no secret stands in a file.
package compose

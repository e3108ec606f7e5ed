package jobs

import "fmt"

// maxModelEnvironment bounds the names and values of a container's environment together, in bytes.
const maxModelEnvironment = 32 << 10

func (m *Model) crossCheck(r *report) {
	switch {
	case m.PrimaryContainer != nil && len(m.Containers) > 0:
		r.add("containers", showValue(m.Containers), "Member must be absent when PrimaryContainer is given")
	case m.PrimaryContainer == nil && len(m.Containers) == 0 && !r.has("containers"):
		r.add("primaryContainer", nil, "Member must not be null")
	}
	if m.PrimaryContainer != nil {
		m.PrimaryContainer.crossCheck(r, "primaryContainer")
	}
	for i := range m.Containers {
		m.Containers[i].crossCheck(r, fmt.Sprintf("containers.%d.member", i+1))
	}
}

func (c *ContainerDefinition) crossCheck(r *report, path string) {
	if (c.Image == "") == (c.ModelPackageName == "") && !r.has(path+".image") && !r.has(path+".modelPackageName") {
		r.add(path, showValue(c), "Member must have exactly one of Image and ModelPackageName")
	}
	if c.ModelDataUrl != "" && c.ModelDataSource != nil {
		r.add(path+".modelDataSource", showValue(c.ModelDataSource), "Member must be absent when ModelDataUrl is given")
	}
	size := 0
	for name, value := range c.Environment {
		size += len(name) + len(value)
	}
	if size > maxModelEnvironment {
		r.add(path+".environment", showValue(c.Environment), "Member must have at most %d bytes", maxModelEnvironment)
	}
}

package compose

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

const root = "../.."

type file struct {
	Name     string
	Services map[string]service
	Volumes  map[string]any
	Extra    map[string]any `yaml:",inline"`
}

type service struct {
	Image           string
	Build           any
	Command         []string
	Entrypoint      []string
	Environment     map[string]string
	DependsOn       map[string]dependency `yaml:"depends_on"`
	Healthcheck     *healthcheck
	Ports           []string
	Volumes         []string
	Restart         string
	Profiles        []string
	Tmpfs           []string
	StopGracePeriod string `yaml:"stop_grace_period"`
}

type dependency struct {
	Condition string
	Required  *bool
}

type healthcheck struct {
	Test        []string
	Interval    string
	Timeout     string
	Retries     int
	StartPeriod string `yaml:"start_period"`
}

func load(t *testing.T) file {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	require.NoError(t, err)
	var f file
	decoder, err := yaml.NewLoader(strings.NewReader(string(text)), yaml.WithKnownFields())
	require.NoError(t, err)
	require.NoError(t, decoder.Load(&f))
	for key := range f.Extra {
		require.True(t, strings.HasPrefix(key, "x-"), "unknown top-level key %s", key)
	}
	return f
}

func TestServices(t *testing.T) {
	t.Parallel()
	f := load(t)
	for _, name := range []string{"postgresql", "temporal-schema", "temporal", "temporal-namespace", "temporal-ui", "s3", "worker"} {
		require.Contains(t, f.Services, name)
	}
	for name, s := range f.Services {
		require.NotEmpty(t, s.Image, name)
		require.NotContains(t, s.Image, "auto-setup", "this image is no longer built")
		require.Regexp(t, `:[^/]+$`, s.Image, "%s: no version", name)
		if strings.HasPrefix(s.Restart, "on-failure") {
			require.Nil(t, s.Healthcheck, "%s ends: others wait for its completion", name)
			continue
		}
		require.Equal(t, "unless-stopped", s.Restart, name)
		require.NotNil(t, s.Healthcheck, "%s has no health check", name)
		require.Contains(t, []string{"CMD", "CMD-SHELL"}, s.Healthcheck.Test[0], name)
		require.NotEmpty(t, s.Healthcheck.Interval, name)
		require.NotEmpty(t, s.Healthcheck.Timeout, name)
		require.Positive(t, s.Healthcheck.Retries, name)
	}
	require.Equal(t, "postgres:16", f.Services["postgresql"].Image)
}

// TestDependencies: a service waits for a healthy server or a finished one-shot, never only for a started one, and there
// is no circle.
func TestDependencies(t *testing.T) {
	t.Parallel()
	f := load(t)
	var visit func(name string, path []string)
	visit = func(name string, path []string) {
		require.NotContains(t, path, name, "services wait for each other")
		for on, d := range f.Services[name].DependsOn {
			target, ok := f.Services[on]
			require.True(t, ok, "%s depends on %s, which is not there", name, on)
			want := "service_healthy"
			if target.Healthcheck == nil {
				want = "service_completed_successfully"
			}
			require.Equal(t, want, d.Condition, "%s on %s", name, on)
			if len(target.Profiles) > 0 {
				require.NotNil(t, d.Required, "%s on %s, which a profile may leave out", name, on)
				require.False(t, *d.Required)
			}
			visit(on, append(path, name))
		}
	}
	for name := range f.Services {
		visit(name, nil)
	}
	require.Contains(t, f.Services["worker"].DependsOn, "temporal-namespace")
	require.Contains(t, f.Services["worker"].DependsOn, "s3")
}

func TestWorkerScales(t *testing.T) {
	t.Parallel()
	w := load(t).Services["worker"]
	require.Empty(t, w.Ports, "a fixed port allows one worker only")
	require.Empty(t, w.Volumes, "workers keep nothing")
	require.Equal(t, "worker", w.Command[0])
	for _, name := range []string{"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"} {
		require.Contains(t, w.Environment, name)
	}
	text, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	require.NoError(t, err)
	require.NotContains(t, string(text), "container_name")
}

var published = regexp.MustCompile(`^127\.0\.0\.1:(\$\{[A-Z0-9_]+:-\d+\}|\d+):\d+$`)

func TestPortsAreOnLoopback(t *testing.T) {
	t.Parallel()
	for name, s := range load(t).Services {
		for _, port := range s.Ports {
			require.Regexp(t, published, port, name)
		}
	}
}

var (
	secretName = regexp.MustCompile(`PASSWORD|PWD|SECRET|TOKEN|ACCESS_KEY|API_KEY`)
	required   = regexp.MustCompile(`^\$\{[A-Z0-9_]+:\?[^}]+\}$`)
	variable   = regexp.MustCompile(`\$\{([A-Z0-9_]+)`)
)

// TestNoSecretInAFile: what is secret comes from the environment and says so when it is missing.
func TestNoSecretInAFile(t *testing.T) {
	t.Parallel()
	for name, s := range load(t).Services {
		for key, value := range s.Environment {
			if secretName.MatchString(key) {
				require.Regexp(t, required, value, "%s: %s", name, key)
			}
		}
	}
	example, err := os.ReadFile(filepath.Join(root, ".env.example"))
	require.NoError(t, err)
	for line := range strings.Lines(string(example)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") && secretName.MatchString(key) {
			require.Empty(t, value, "%s has a value in .env.example", key)
		}
	}
	ignored, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	require.NoError(t, err)
	require.Contains(t, strings.Fields(string(ignored)), "/.env")
}

// TestVariablesAreInTheExample: every variable of the compose file stands in .env.example.
func TestVariablesAreInTheExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	require.NoError(t, err)
	example, err := os.ReadFile(filepath.Join(root, ".env.example"))
	require.NoError(t, err)
	for _, match := range variable.FindAllStringSubmatch(string(text), -1) {
		require.Regexp(t, fmt.Sprintf(`(?m)^#?%s=`, match[1]), string(example))
	}
}

// TestMountsAndVolumesExist: files mounted from the repository are there, named volumes are declared.
func TestMountsAndVolumesExist(t *testing.T) {
	t.Parallel()
	f := load(t)
	for name, s := range f.Services {
		for _, mount := range s.Volumes {
			from, rest, ok := strings.Cut(mount, ":")
			require.True(t, ok, "%s: %s", name, mount)
			if strings.HasPrefix(from, "./") {
				require.FileExists(t, filepath.Join(root, from), name)
				require.True(t, strings.HasSuffix(rest, ":ro"), "%s: %s can be written", name, mount)
			} else {
				require.Contains(t, f.Volumes, from, name)
			}
		}
	}
	require.Contains(t, f.Services["temporal"].Environment, "DYNAMIC_CONFIG_FILE_PATH", "the server does not start without")
}

// TestDynamicConfig: every entry is a list of values, as Temporal reads it.
func TestDynamicConfig(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docker/temporal/dynamicconfig.yaml"))
	require.NoError(t, err)
	var entries map[string][]struct {
		Value       any
		Constraints map[string]any
	}
	require.NoError(t, yaml.Unmarshal(text, &entries))
	require.NotEmpty(t, entries)
	for key, values := range entries {
		require.Regexp(t, `^[a-z]+\.\w+$`, key)
		require.NotEmpty(t, values)
	}
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	require.NoError(t, err)
	lines := strings.Split(string(text), "\n")
	user := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "USER ") })
	require.Positive(t, user)
	require.NotRegexp(t, `^USER (root|0)\b`, lines[user])
	require.Contains(t, string(text), "CGO_ENABLED=0")
	module, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	require.Contains(t, string(text), "GO_VERSION="+string(version[1]))
}

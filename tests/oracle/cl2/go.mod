module oracle

go 1.26

require (
	github.com/google/safetext v0.0.0-20230106111101-7156a760e523
	gopkg.in/yaml.v2 v2.4.0
	k8s.io/klog/v2 v2.130.1
)

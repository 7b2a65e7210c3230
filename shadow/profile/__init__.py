"""A Kubeflow Pipelines profile hook that speaks both protocols from one desired state."""

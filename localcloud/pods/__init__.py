"""A small kubelet: labelled pods run as local processes, each with a loopback address of its own."""

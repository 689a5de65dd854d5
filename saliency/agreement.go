package saliency

// Agreement says in a few words what the maps and peaks of the named detector agree with on images of
// w×h pixels. The manifest of an output holds it.
func Agreement(name string, w, h int) string {
	switch name {
	case "finegrained":
		if w*h <= ExactPixels {
			return "OpenCV 4.14: the same map"
		}
		return "OpenCV 4.14: the same peaks of photographs, maps up to 3 levels apart"
	case "spectral":
		return "OpenCV 4.14: the same peaks of photographs, maps to 3e-6"
	case "frequencytuned":
		return "Achanta et al. 2009: the authors' order of steps, the paper's kernel"
	}
	return "nothing: peaks are given, or need no map"
}

package osfile

import "os"

// A Folder looks at the entries of an open folder by their names.
type Folder struct{ root *os.Root }

// OpenFolder opens a folder.
func OpenFolder(path string) (*Folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &Folder{root}, nil
}

// Look looks at an entry, as [os.Lstat] does: it follows no link.
func (f *Folder) Look(name string) (Entry, error) {
	fi, err := f.root.Lstat(name)
	if err != nil {
		return Entry{}, err
	}
	return Entry{Size: fi.Size(), ModTime: fi.ModTime(), Type: fi.Mode().Type()}, nil
}

// Close closes the folder.
func (f *Folder) Close() error { return f.root.Close() }

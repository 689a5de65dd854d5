package pipeline

import (
	"fmt"
	"strings"

	"github.com/premix/premix/io/blob"
)

// badAddress refuses an address of a flag that premix can never use, before anything is looked at.
func badAddress(flag, uri string) error {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || strings.ContainsAny(scheme, "/\\.") {
		return nil
	}
	uri = blob.Redact(uri)
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp":
		if flag == "--in" {
			return fmt.Errorf("%s %s: premix does not read from the web: download the files, and give their folder", flag, uri)
		}
		return fmt.Errorf("%s %s: premix does not write to the web: give a folder, or gs://, s3:// or azblob://", flag, uri)
	case "hf":
		return fmt.Errorf("%s %s: premix does not write to the Hub: give a folder, and upload it afterwards", flag, uri)
	case "gcs", "gsutil":
		return fmt.Errorf("%s %s: did you mean gs://%s?", flag, uri, rest)
	case "s3a", "s3n":
		return fmt.Errorf("%s %s: did you mean s3://%s?", flag, uri, rest)
	case "az", "abfs", "abfss", "wasb", "wasbs", "azure":
		return fmt.Errorf("%s %s: write azblob://CONTAINER/PATH", flag, uri)
	}
	return nil
}

// Package flinktest holds the tests that run the command on a real Flink cluster. scripts/flink/test.sh
// starts one, runs them, and stops it; without it they are skipped. They speak to the command as a
// user does, and to the cluster by its REST interface and its process ids.
package flinktest

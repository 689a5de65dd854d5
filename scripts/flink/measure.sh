#!/usr/bin/env bash
# Measures what a cluster costs against a local run of the same job: wall time, CPU time and memory of
# every process. It starts a cluster of its own, as test.sh does, runs the job on prism and twice on Flink
# (the first job of a cluster loads classes), and prints a table for docs/flink.md.
#
#   scripts/flink/measure.sh PREMIX [IMAGES [SIZE]]      PREMIX: a static binary; 4000 images, 224 pixels
set -euo pipefail
premix=$(readlink -f "${1:?usage: measure.sh PREMIX [IMAGES [SIZE]]}")
images=${2:-4000} size=${3:-224}
cd "$(dirname "$0")/../.."
export PREMIX_FLINK_DIR=${PREMIX_FLINK_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/premix/flink}
scripts/flink/install.sh "$PREMIX_FLINK_DIR" >&2
work=$(mktemp -d)
export CLUSTER=$work/cluster
trap 'scripts/flink/stop.sh "$PREMIX_FLINK_DIR" || true; rm -rf "$work"' EXIT
"$premix" synth --out "$work/in" --images "$images" --format webdataset > /dev/null
REST_PORT=auto RPC_PORT=auto JOB_PORT=auto ARTIFACT_PORT=auto scripts/flink/start.sh "$PREMIX_FLINK_DIR" >&2
set -a; . "$CLUSTER/address"; set +a
python3 - "$premix" "$work" "$images" "$size" <<'P'
import glob, os, subprocess, sys, time
premix, work, images, size = sys.argv[1:]
tick = os.sysconf("SC_CLK_TCK")

def cpu(pid):
    """CPU seconds of a process itself, and of its children that have ended."""
    f = [int(x) / tick for x in open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:15]]
    return f[0] + f[1], f[2] + f[3]

def peak(pid):
    """Peak memory of a process in MB, 0 if it has ended."""
    try:
        lines = open(f"/proc/{pid}/status").read().splitlines()
    except OSError:
        return 0
    return max((int(l.split()[1]) / 1024 for l in lines if l.startswith("VmHWM")), default=0)

def workers():
    """Process ids of the workers that the TaskManagers have started."""
    for d in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            if open(d, "rb").read().startswith(premix.encode() + b"\0--id="):
                yield int(d.split("/")[2])
        except OSError:
            pass

cluster = {os.path.basename(p)[:-4]: int(open(p).read()) for p in sorted(glob.glob(work + "/cluster/run/*.pid"))}

def run(name, *more):
    key = name.replace(",", "").replace(" ", "-")
    out = f"{work}/out-{key}"
    args = [premix, "mix", "--in", work + "/in", "--out", out, "--cache", f"{work}/cache-{key}", "--size", size, "--shards", "64", "--progress", "none", *more]
    before = {n: cpu(p) for n, p in cluster.items()}
    children = sum(os.times()[2:4])
    start, memory, own = time.time(), {}, 0
    said = open(f"{work}/{key}.log", "w+")
    p = subprocess.Popen(args, stdout=said, stderr=said)
    while p.poll() is None:
        own = max(own, peak(p.pid))
        for pid in workers():
            memory[pid] = max(memory.get(pid, 0), peak(pid))
        time.sleep(0.1)
    wall = time.time() - start
    if p.returncode:
        said.seek(0)
        sys.exit(f"{name}: exit code {p.returncode}\n{said.read()}")
    while list(workers()):  # the CPU time of a child counts when it has ended
        time.sleep(0.1)
    time.sleep(0.5)
    after = {n: cpu(p) for n, p in cluster.items()}
    launcher = sum(os.times()[2:4]) - children
    used = [n for n in cluster if "flink" in more]  # an idle cluster costs something too, but not on account of the job
    java = sum(after[n][0] - before[n][0] for n in used)
    work_cpu = sum(after[n][1] - before[n][1] for n in used)
    mb = lambda values: ", ".join(f"{m:.0f}" for m in values) or "–"
    print(f"| {name} | {wall:.1f} | {launcher + java + work_cpu:.1f} | {launcher:.1f} | {work_cpu:.1f} | {java:.1f} | {own:.0f} | {mb(memory.values())} |", flush=True)
    return out

print(f"{images} drawn images, {size} pixels, 64 shards; {os.cpu_count()} cores, load at the start {os.getloadavg()[0]:.1f}\n")
print("| job | wall s | CPU s | of the launcher | of the workers | of Java | launcher MB | workers MB |\n|---|---|---|---|---|---|---|---|")
flink = ["--runner", "flink", "--flink-rest", os.environ["PREMIX_FLINK_REST"], "--flink-job-server", os.environ["PREMIX_FLINK_JOB_SERVER"]]
a = run("prism", "--runner", "prism")
for name in ("flink, first job", "flink, second job"):
    b = run(name, *flink)
    diff = subprocess.run(["diff", "-rq", "-x", "run.json", "-x", "inputs.json", "-x", "report.html", a, b], capture_output=True, text=True).stdout
    if diff:
        sys.exit(f"{name}: other bytes than prism\n{diff}")
print("\nThe bytes of all three are the same. Memory of Java at its peak, MB: " + ", ".join(f"{n} {peak(pid):.0f}" for n, pid in cluster.items()))
print(f"Load at the end: {os.getloadavg()[0]:.1f}")
P

"""Trains a linear classifier on a WebDataset output of premix, in one process or in several ranks.

usage: train_webdataset.py OUT [--reader wids|chunked|join|steps] [--epochs E] [--workers W] [--batch B] [--ranks R]
       torchrun --nproc-per-node R train_webdataset.py OUT [...]

Epoch e reads replica e mod K. The readers are those of premix_data.py, which says what each is for. --ranks starts that many
processes on this machine; under torchrun, ranks are those of torchrun. Accuracy is that on the split validation, if
there is one. The last line is JSON. train_resnet.py trains a network with the same functions.
"""
import argparse
import contextlib
import json
import multiprocessing.util
import os
import signal
import sys
import tempfile
import warnings

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

import premix_data

GRACE = 10  # seconds in which the other ranks can say why they end, after one has ended


stopped = False  # whether Ctrl-C was pressed


def stop(*_):
    """Takes Ctrl-C, for which the next step ends, by check. An exception here can come amid the start of a loader, where
    Python or torch print and lose it. A second Ctrl-C does not wait for a step."""
    global stopped
    if stopped:
        raise KeyboardInterrupt
    stopped = True


def check():
    if stopped:
        raise KeyboardInterrupt


def options(description, **defaults):
    """The options of both programs."""
    p = argparse.ArgumentParser(description=description.partition("\n")[0])
    p.add_argument("out", help="an output of premix, of --format webdataset")
    p.add_argument("--reader", choices=premix_data.READERS, help=f"default: wids, or chunked beyond {premix_data.OPEN_SHARDS} shards a replica")
    p.add_argument("--epochs", type=int, default=1)
    p.add_argument("--batch", type=int, default=8, help="samples a step of one rank")
    p.add_argument("--lr", type=float, default=0.01, help="learning rate")
    p.add_argument("--workers", type=int, default=2, help="loader processes of each rank")
    p.add_argument("--ranks", type=int, default=1, help="processes to start on this machine (not under torchrun)")
    p.add_argument("--seed", type=int, default=0)
    p.set_defaults(**defaults)
    return p


def launch(main, args):
    """Runs main(args) in this process, in args.ranks processes, or in this rank of torchrun, whose process it ends. After
    Ctrl-C the exit code is 130."""
    if args.ranks < 1 or args.workers < 0 or args.batch < 1 or args.epochs < 1:
        raise SystemExit("--ranks, --batch and --epochs must be at least 1, and --workers at least 0")
    if "RANK" in os.environ:
        if "WORLD_SIZE" not in os.environ:
            raise SystemExit("RANK is set and WORLD_SIZE is not: start this with torchrun, which sets both, or unset RANK")
        start_rank(None, main, args, None)  # does not return
    try:
        if args.ranks == 1:
            signal.signal(signal.SIGINT, stop)
            main(args)
        else:
            check_gpus(args.ranks, "--ranks")
            run_ranks(main, args)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C changes nothing
        kept = getattr(args, "checkpoint", None)
        print("interrupted: run the same command again to continue" if kept else "interrupted: no state was kept", file=sys.stderr)
        raise SystemExit(130) from None


def run_ranks(main, args):
    """Runs main(args) in args.ranks processes. They ignore Ctrl-C, and this process ends them."""
    with tempfile.TemporaryDirectory() as meeting:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # processes start with what this one ignores
        ranks = mp.spawn(start_rank, (main, args, os.path.join(meeting, "ranks")), nprocs=args.ranks, join=False)
        signal.signal(signal.SIGINT, before)
        try:
            while not ranks.join(grace_period=GRACE):
                pass
        except mp.ProcessExitedException as e:  # the rank has said why, unless a signal ended it
            raise SystemExit(f"rank {e.error_index}: {e}" if e.signal_name else e.exit_code) from None
        except KeyboardInterrupt:
            for process in ranks.processes:
                process.terminate()
            for process in ranks.processes:
                process.join(GRACE)
                process.kill()
            raise


def check_gpus(ranks, option):
    """A GPU is for one rank of this machine. Ranks without one would take part by another back end, and none would begin."""
    if torch.cuda.is_available() and torch.cuda.device_count() < ranks:
        raise SystemExit(f"{torch.cuda.device_count()} GPUs for {ranks} ranks: fewer {option}, or CUDA_VISIBLE_DEVICES= for the CPU")


def end_rank(*_):
    """Ends a rank and the workers of its loaders, which would live on without it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a loader would raise that its worker was killed
    warnings.simplefilter("ignore")  # the signal may come while semaphores are made: Python warns, and removes them all the same
    for worker in mp.active_children():
        worker.kill()
    multiprocessing.util._exit_function()  # removes semaphores, which Python would warn of
    os._exit(130)


def start_rank(rank, main, args, meeting):
    """One rank: of mp.spawn with its number and a file to meet at, or of torchrun with its environment."""
    if meeting:
        signal.signal(signal.SIGTERM, end_rank)
        # webdataset's splitters find their rank here, in the loader's workers too (torchrun sets all three).
        os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(args.ranks))
        torch.set_num_threads(max(1, torch.get_num_threads() // args.ranks))
    ranks, local = int(os.environ["WORLD_SIZE"]), int(os.environ.get("LOCAL_RANK", 0))
    check_gpus(int(os.environ.get("LOCAL_WORLD_SIZE", local + 1)), "--nproc-per-node")
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(local)
    place = {"init_method": "file://" + meeting} if meeting else {}
    dist.init_process_group("nccl" if cuda else "gloo", rank=int(os.environ["RANK"]), world_size=ranks, **place)
    try:
        main(args)
    except KeyboardInterrupt:  # under torchrun, which ends the other ranks
        end_rank()
    finally:
        dist.destroy_process_group()
    # The threads of gloo live on after DistributedDataParallel. One that frees a tensor while Python itself ends would abort
    # the process, so a rank ends here, and at once.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def device():
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")


def distributed(model):
    return torch.nn.parallel.DistributedDataParallel(model) if dist.is_initialized() else model


def train_epoch(model, optimizer, data, epoch, prepare, autocast=contextlib.nullcontext):
    """Trains one epoch. Returns what this rank saw: samples, steps, sums of loss and λ, the first and last loss."""
    seen = {"samples": 0, "steps": 0, "loss": 0.0, "lam": 0.0, "first": None, "last": None}
    model.train()
    batches = data.epoch(epoch)
    with data.join(model):
        for batch in batches:
            check()
            images, mix = batch["image"].to(device(), non_blocking=True), batch["mix"].to(device(), non_blocking=True)
            with autocast():
                scores = model(prepare(images))
            loss = premix_data.mixed_loss(scores, mix, data.smoothing)  # in float32, outside of autocast
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            value = loss.item()
            seen["first"] = value if seen["first"] is None else seen["first"]
            seen["last"] = value
            seen["samples"] += len(images)
            seen["steps"] += 1
            seen["loss"] += value * len(images)
            seen["lam"] += batch["mix"][:, 2].double().sum().item()
    data.agree(optimizer, seen["steps"])
    return seen


@torch.no_grad()
def validate(model, data, prepare, autocast=contextlib.nullcontext):
    """(right, samples) of this rank."""
    model.eval()
    right = samples = 0
    for batch in data.all_once():
        check()
        with autocast():
            scores = model(prepare(batch["image"].to(device(), non_blocking=True)))
        right += (scores.argmax(1).cpu() == batch["label"]).sum().item()
        samples += len(batch["label"])
    return right, samples


def summed(*numbers):
    """The sums over all ranks."""
    values = torch.tensor(numbers, dtype=torch.float64, device=device())
    if dist.is_initialized():
        dist.all_reduce(values)
    return values.tolist()


def say(text):
    """Prints on one rank."""
    if premix_data.rank_and_ranks()[0] == 0:
        print(text, flush=True)


def open_splits(args):
    """The training split, and the validation split or None."""
    common = dict(batch=args.batch, workers=args.workers, seed=args.seed, pin_memory=torch.cuda.is_available())
    train = premix_data.Data(args.out, "train", args.reader, **common)
    if not premix_data.replicas(args.out, "validation"):
        say(f"{args.out} has no split validation, so no accuracy is printed (premix pack --in VALIDATION --out {args.out} adds one)")
        return train, None
    return train, premix_data.Data(args.out, "validation", **common)


def run_epoch(args, epoch, model, optimizer, train, validation, prepare, autocast=contextlib.nullcontext):
    """Trains and validates an epoch. Returns what the program's last line says of it."""
    seen = train_epoch(model, optimizer, train, epoch, prepare, autocast)
    plain = getattr(model, "module", model)
    if dist.is_initialized():  # each rank has its own running statistics
        for buffer in plain.buffers():
            dist.broadcast(buffer, 0)
    right, total = validate(plain, validation, prepare, autocast) if validation else (0, 0)
    samples, loss, lam, right, total = summed(seen["samples"], seen["loss"], seen["lam"], right, total)
    accuracy = right / total if total else None
    return {"reader": train.reader, "ranks": train.ranks, "workers": train.workers, "epochs": epoch + 1,
            "train": int(samples), "lam_sum": lam, "loss": loss / samples, "first_loss": seen["first"], "last_loss": seen["last"],
            "validation": int(total), "right": int(right), "accuracy": accuracy}


def say_epoch(args, epoch, train, result):
    """Prints the line of an epoch, by what run_epoch returned."""
    said = f", validation accuracy {result['accuracy']:.1%} ({result['right']} of {result['validation']})" if result["validation"] else ""
    say(f"epoch {epoch + 1} of {args.epochs}: replica {train.replica(epoch)} of {len(train.indexes)}, "
        f"{result['train']} samples, loss {result['loss']:.4f}{said}")


def scale(images):
    return images.float() / 255


def main(args):
    train, validation = open_splits(args)
    torch.manual_seed(args.seed)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(train.shape().numel(), len(premix_data.classes(args.out))))
    model = distributed(model.to(device()))
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        result = run_epoch(args, epoch, model, optimizer, train, validation, scale)
        say_epoch(args, epoch, train, result)
    say(json.dumps(result))


if __name__ == "__main__":
    launch(main, options(__doc__).parse_args())

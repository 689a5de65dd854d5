"""Trains a ResNet on a WebDataset output of premix: an ordinary training program, with checkpoints.

usage: train_resnet.py OUT [--model resnet18] [--epochs 90] [--batch 64] [--lr 0.1] [--optimizer sgd|adamw] [--workers W]
                       [--checkpoint DIR] [--reader wids|chunked|join|steps] [--ranks R]
       torchrun --nproc-per-node R train_resnet.py OUT [...]

Pictures are flipped and normalized, and not cropped: a crop after mixing would change the share of each picture, and the
label with it. On a GPU the network computes in bfloat16 and the loss in float32. With --checkpoint DIR the state after each
epoch is kept in DIR/checkpoint.pt, and the same command goes on from it, after Ctrl-C too; --stop-after E ends the program after that epoch.
Epoch e reads replica e mod K. The last line is JSON.
"""
import functools
import json
import os

import torch
import torchvision

import premix_data
from train_webdataset import device, distributed, launch, open_splits, options, run_epoch, say, say_epoch

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet
# What a checkpoint must agree with, beside the data set: another value would make it another training.
SAME = ("model", "optimizer", "epochs", "batch", "lr", "weight_decay", "seed", "float32")


def parser():
    p = options(__doc__, epochs=90, batch=64, lr=0.1, workers=min(4, os.cpu_count() or 1))
    p.add_argument("--model", default="resnet18", choices=("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"))
    p.add_argument("--optimizer", default="sgd", choices=("sgd", "adamw"), help="sgd has a momentum of 0.9; take --lr 0.001 for adamw")
    p.add_argument("--weight-decay", type=float, default=1e-4)
    p.add_argument("--checkpoint", metavar="DIR", help="keep the state after each epoch here, and go on from it")
    p.add_argument("--stop-after", type=int, metavar="E", help="end after epoch E of --epochs; the same command goes on")
    p.add_argument("--float32", action="store_true", help="no bfloat16 on a GPU")
    return p


def network(name, classes, size):
    """The network with new weights. Below 64 pixels it begins as is usual for CIFAR, since the ordinary first layers
    would leave one pixel of a picture."""
    model = torchvision.models.get_model(name, weights=None, num_classes=classes)
    if size < 64:
        model.conv1 = torch.nn.Conv2d(3, 64, kernel_size=3, padding=1, bias=False)
        model.maxpool = torch.nn.Identity()
    return model


def make_optimizer(args, model):
    if args.optimizer == "adamw":
        return torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
    return torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=args.weight_decay)


class Prepare(torch.nn.Module):
    """uint8 to what the network takes. Training flips at random, which leaves the shares of a mixed picture as they are."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))

    def forward(self, images):
        if torch.is_grad_enabled():  # not in validation
            flip = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
            images = torch.where(flip, images.flip(3), images)
        return (images.float() / 255 - self.mean) / self.std


def save(path, state):
    """Writes a checkpoint: the old one stays until the new one is whole."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    torch.save(state, path + ".new")
    os.replace(path + ".new", path)


def identity(args, train):
    """What a checkpoint must agree with. Reader and ranks are those in use, which no option need have set."""
    options = {name: getattr(args, name) for name in SAME}
    return {**options, "reader": train.reader, "ranks": train.ranks, "fingerprint": train.fingerprint}


def load(path, wanted):
    """The checkpoint, or None where there is none yet."""
    if not os.path.exists(path):
        return None
    state = torch.load(path, map_location="cpu", weights_only=True)
    for name, value in wanted.items():
        found = state["identity"].get(name) if "identity" in state else None
        if found == value:
            continue
        if name == "fingerprint":
            premix_data.refuse(f"{path} was saved by a run on another data set (fingerprint {found}, not {value}): give the same OUT, or another --checkpoint")
        premix_data.refuse(f"{path} was saved by a run with --{name.replace('_', '-')} {found}, not {value}: give the same options, or another --checkpoint")
    return state


def main(args):
    train, validation = open_splits(args)
    torch.manual_seed(args.seed)
    model = network(args.model, len(premix_data.classes(args.out)), min(train.shape()[1:])).to(device())
    optimizer = make_optimizer(args, model)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    path = os.path.join(args.checkpoint, "checkpoint.pt") if args.checkpoint else None
    wanted = identity(args, train)
    state = load(path, wanted) if path else None
    begin, end, results = 0, min(args.epochs, args.stop_after or args.epochs), []
    if state:
        begin, results = state["epoch"], state["results"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer_state"])
        schedule.load_state_dict(state["schedule"])
        if begin < end:
            say(f"going on after epoch {begin} of {args.epochs} ({path})")
        else:
            say(f"all {end} epochs are done ({path})" if begin == args.epochs else f"{begin} of {args.epochs} epochs are done ({path})")
    model = distributed(model)
    prepare = Prepare().to(device())
    bf16 = device().type == "cuda" and not args.float32
    autocast = functools.partial(torch.autocast, device().type, torch.bfloat16, enabled=bf16)
    for epoch in range(begin, end):
        # Each epoch draws its own numbers, so that an epoch after a checkpoint draws what it would have drawn.
        torch.manual_seed(args.seed + 1000003 * (epoch + 1) + train.rank)
        results.append(run_epoch(args, epoch, model, optimizer, train, validation, prepare, autocast))
        schedule.step()
        if path and train.rank == 0:
            save(path, {"epoch": epoch + 1, "model": getattr(model, "module", model).state_dict(), "optimizer_state": optimizer.state_dict(),
                        "schedule": schedule.state_dict(), "results": results, "identity": wanted})
        say_epoch(args, epoch, train, results[-1])  # an epoch that was said is kept
    say(json.dumps({"model": args.model, **results[-1], "losses": [r["loss"] for r in results]}))


if __name__ == "__main__":
    launch(main, parser().parse_args())

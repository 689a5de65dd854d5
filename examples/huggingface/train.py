"""One training and one evaluation pass with Hugging Face datasets and the Trainer, on Parquet shards.

The Trainer treats float labels as multi-label and uses binary cross-entropy, so we pass it a loss.

usage: train.py OUT        (an output of premix mix --format parquet, with the splits train and validation)
"""
import json
import os
import sys
import tempfile

import torch
from datasets import load_dataset
from torchvision.transforms.v2.functional import pil_to_tensor
from transformers import Trainer, TrainerCallback, TrainingArguments

out, BATCH = os.path.abspath(sys.argv[1]), 8
seen = {"train": 0, "lam_sum": 0.0, "soft_least": 1.0}
smoothing = json.load(open(os.path.join(out, "__premix__/train/config.json")))["recipe"].get("smoothing", 0.0)  # "lam" is never smoothed


class Linear(torch.nn.Module):
    """What the Trainer wants of a model: it takes pixel_values and returns logits."""

    def __init__(self, pixels, classes):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(pixels, classes))

    def forward(self, pixel_values):
        return {"logits": self.layers(pixel_values)}


class Losses(TrainerCallback):
    def __init__(self):
        self.values = []

    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" in logs:
            self.values.append(logs["loss"])


def soft_cross_entropy(outputs, labels, num_items_in_batch=None):
    loss = torch.nn.functional.cross_entropy(outputs["logits"].float(), labels, reduction="sum")
    if num_items_in_batch is None:
        return loss / len(labels)
    # The Trainer counts labels in all accumulated batches, and a sample has one for each class.
    return loss * labels.shape[1] / num_items_in_batch


with tempfile.TemporaryDirectory() as cache:
    data = load_dataset(out, cache_dir=cache)
    classes = data["train"].features["label"].num_classes

    def collate(samples):
        images = torch.stack([pil_to_tensor(s["image"].convert("RGB")) for s in samples]) / 255.0
        y = torch.zeros(len(samples), classes)
        for i, s in enumerate(samples):
            y[i, s["label_a"]] += s["lam"]
            y[i, s["label_b"]] += 1 - s["lam"]
        if trainer.model.training:
            y = (1 - smoothing) * y + smoothing / classes
            seen["train"] += len(samples)
            seen["lam_sum"] += sum(s["lam"] for s in samples)
            seen["soft_least"] = min(seen["soft_least"], y.min().item())
        return {"pixel_values": images, "labels": y}

    torch.manual_seed(0)
    losses = Losses()
    trainer = Trainer(
        model=Linear(pil_to_tensor(data["train"][0]["image"]).numel(), classes),
        args=TrainingArguments(output_dir=os.path.join(cache, "trainer"), per_device_train_batch_size=BATCH, per_device_eval_batch_size=BATCH,
                               num_train_epochs=1, learning_rate=0.001, logging_steps=1, disable_tqdm=True, remove_unused_columns=False, label_names=["labels"],
                               report_to="none", save_strategy="no"),
        train_dataset=data["train"], data_collator=collate, compute_loss_func=soft_cross_entropy, callbacks=[losses])
    trainer.train()
    prediction = trainer.predict(data["validation"])
    right = (prediction.predictions.argmax(-1) == prediction.label_ids.argmax(-1)).sum().item()
    print(json.dumps({"reader": "datasets", **seen, "first_loss": losses.values[0], "last_loss": losses.values[-1],
                      "validation": len(prediction.label_ids), "right": right}))

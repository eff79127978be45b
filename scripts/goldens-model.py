"""Writes test/goldens/model/NAME: a tiny model with random weights, and what PyTorch computes with it. For a new family:

    pip install torch==2.15.0 transformers==5.23.0
    python scripts/goldens-model.py NAME CONFIG.json

CONFIG.json is a config.json with small sizes: its model_type, a vocabulary of 67, two layers, a width of 24 or so. Every test of models,
costs, maps and sessions runs on what is written.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM

goldens = Path(__file__).parent.parent / "test/goldens/model"


def model_of(name, settings):
    """A model in float32 with eager attention, none of whose weights is 0 or 1."""
    torch.manual_seed(len(name) * 1000 + sum(map(ord, name)))
    config = AutoConfig.for_model(**settings)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    with torch.no_grad():
        for key, p in model.named_parameters():
            # scales around 1, but for Gemma's, which are added to 1
            around = 1.0 if p.dim() == 1 and key.endswith("weight") and "gemma" not in config.model_type else 0.0
            p.copy_(torch.randn_like(p) * 0.15 + around)
    model.tie_weights()
    return model


def batch_of(config):
    """Two rows, the second one padded on its right; labels as transformers has them, -100 where nothing is learnt."""
    ids = torch.randint(3, config.vocab_size, (2, 11), generator=torch.Generator().manual_seed(3))
    mask = torch.ones_like(ids)
    mask[1, 8:] = 0
    ids[1, 8:] = config.pad_token_id if config.pad_token_id is not None else 0
    labels = ids.clone()
    labels[0, :4] = labels[1, :5] = -100
    labels[mask == 0] = -100
    return ids, mask, labels


def gradient_of(p):
    """Norm, and some values: those at fixed places and the largest."""
    flat = p.grad.flatten()
    places = {0, flat.numel() // 3, flat.numel() // 2, flat.numel() - 1, int(flat.abs().argmax())}
    idx = sorted(places)
    return {"norm": flat.double().norm().item(), "idx": idx, "val": [flat[i].item() for i in idx]}


def main(name, config_file):
    model = model_of(name, json.loads(Path(config_file).read_text()))
    ids, mask, labels = batch_of(model.config)
    found = model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False)
    found.loss.backward()
    folder = goldens / name
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    expected = {
        "input_ids": ids.tolist(),
        "attention_mask": mask.tolist(),
        "labels": labels.tolist(),
        "loss": found.loss.item(),
        "logits_slice": found.logits.detach()[:, :, :8].tolist(),
        "grads": {key: gradient_of(p) for key, p in model.named_parameters() if p.grad is not None},
    }
    (folder / "expected.json").write_text(json.dumps(expected, indent=0))
    print(f"{folder}: {sum(p.numel() for p in model.parameters())} values, loss {found.loss.item():.6f}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

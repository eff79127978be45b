"""Writes test/goldens/generate.json: what transformers generate with the tiny models of test/goldens/model.

    pip install torch==2.15.0 transformers==5.23.0
    python scripts/goldens-generate.py > test/goldens/generate.json

Every prompt is run alone, since transformers' repetition penalty also counts the padding of a batch. `candidates` are the
probabilities that its temperature, top-k and top-p leave.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM
from transformers.generation.logits_process import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

folder = Path(__file__).parent.parent / "test/goldens/model"
prompts = [[45, 27, 60, 6, 59, 11], [46, 60], [44, 13, 24, 58], [7]]
peers = dict(num_beams=4, repetition_penalty=2.5, length_penalty=1.0, early_stopping=True)
settings = [
    dict(),
    dict(repetition_penalty=1.3, min_new_tokens=6),
    peers,
    dict(peers, num_beams=2, min_new_tokens=5),
    dict(num_beams=4, early_stopping=False),
    dict(num_beams=3, early_stopping=False, length_penalty=2.0, repetition_penalty=1.1),
    dict(num_beams=4, early_stopping=True, length_penalty=-1.0),
]
models = {}
for name in ("llama-tied-headdim", "llama"):
    model = AutoModelForCausalLM.from_pretrained(folder / name, dtype=torch.float32, attn_implementation="eager").eval()
    # the end token: one that greedy text reaches, so that hypotheses of different lengths compete
    first = model.generate(torch.tensor([prompts[0]]), max_new_tokens=8, do_sample=False, eos_token_id=None)
    eos = int(first[0, len(prompts[0]) + 4])
    cases = []
    for options in settings:
        rows = []
        for prompt in prompts:
            ids = torch.tensor([prompt])
            out = model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False, eos_token_id=eos,
                pad_token_id=0, **options,
            )[0, len(prompt):].tolist()
            rows.append(out[: out.index(eos)] if eos in out else out)
        cases.append({"options": options, "rows": rows})
    models[name] = {"eos": eos, "cases": cases}

torch.manual_seed(3)
scores = torch.randn(2, 12) * 2
drawn = []
for temperature, k, p in [(1.0, 0, 1.0), (0.7, 5, 1.0), (1.5, 0, 0.6), (1.0, 4, 0.5), (0.5, 0, 0.05)]:
    x = TemperatureLogitsWarper(temperature)(None, scores) if temperature != 1.0 else scores
    x = TopKLogitsWarper(k)(None, x) if k else x
    x = TopPLogitsWarper(p)(None, x) if p < 1 else x
    drawn.append({"temperature": temperature, "topK": k, "topP": p, "probabilities": x.softmax(-1).tolist()})
json.dump(
    {"prompts": prompts, "maxNewTokens": 12, "models": models, "candidates": {"scores": scores.tolist(), "cases": drawn}},
    sys.stdout,
)

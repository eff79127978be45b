"""Tokens a second of transformers on the same prompts as bench/generate.ts, on one thread.

    python bench/generate.py ./SmolLM2-135M [PROMPT=64] [TOKENS=16] [REPEATS=2]
"""

import sys
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = sys.argv[1]
length, tokens, repeats = (int(a) for a in (sys.argv[2:] + ["64", "16", "2"][len(sys.argv) - 2 :]))
torch.set_num_threads(1)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
text = "A gardener has some rows of beans, and every week she waters them, counts them and writes it down. "
ids = AutoTokenizer.from_pretrained(folder)(text * (length // 10 + 1)).input_ids


def rate(rows, **options):
    prompts = torch.tensor([ids[row : row + length] for row in range(rows)])
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        model.generate(
            prompts, attention_mask=torch.ones_like(prompts), do_sample=False, max_new_tokens=tokens,
            min_new_tokens=tokens, pad_token_id=0, **options,
        )
        best = min(best, time.perf_counter() - started)
    return rows * tokens / best


print(f"torch {torch.__version__}, one thread; prompts of {length} tokens, {tokens} new ones, best of {repeats}")
for rows in (1, 4):
    cached, plain = rate(rows), rate(rows, use_cache=False)
    print(f"greedy, {rows} at once: {cached:.2f} tokens/s with the cache, {plain:.2f} without, ratio {cached / plain:.1f}")
print(f"4 beams, 1 prompt: {rate(1, num_beams=4):.2f} tokens/s with the cache")

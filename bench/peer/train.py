"""PyTorch's side of `npm run bench` (bench/engines.ts): the same model, batch and step in a good eager loop.

    python bench/peer/train.py MODEL_DIR THREADS

Reads one JSON object a line and answers each with one. The first gives the batch ({"ids", "batch", "length"}); the others name
an item to time once ({"item", "fo"?}, answered with {"ms"}) or ask for the peak memory ({"memory": true}).
GPT-2 is a class of its own here, without the overhead of transformers; other models are transformers' own with SDPA attention.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

EPSILON, RATE, ALPHA = 1e-3, 1e-7, 0.1


class Conv1D(nn.Module):
    """A linear layer whose weight is stored [in, out]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(inputs, outputs)), nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return torch.addmm(self.bias, x.flatten(0, -2), self.weight).view(*x.shape[:-1], -1)


class Layer(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attn = nn.ModuleDict({"c_attn": Conv1D(d, 3 * d), "c_proj": Conv1D(d, d)})
        self.mlp = nn.ModuleDict({"c_fc": Conv1D(d, 4 * d), "c_proj": Conv1D(4 * d, d)})

    def forward(self, h):
        rows, length, d = h.shape
        q, k, v = (x.view(rows, length, self.heads, -1).transpose(1, 2) for x in self.attn.c_attn(self.ln_1(h)).split(d, -1))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(rows, length, d)
        h = h + self.attn.c_proj(mixed)
        return h + self.mlp.c_proj(F.gelu(self.mlp.c_fc(self.ln_2(h)), approximate="tanh"))


class GPT2(nn.Module):
    def __init__(self, c):
        super().__init__()
        d = c["n_embd"]
        self.transformer = nn.ModuleDict(
            {
                "wte": nn.Embedding(c["vocab_size"], d),
                "wpe": nn.Embedding(c["n_positions"], d),
                "h": nn.ModuleList(Layer(d, c["n_head"]) for _ in range(c["n_layer"])),
                "ln_f": nn.LayerNorm(d),
            }
        )

    def forward(self, ids):
        t = self.transformer
        h = t.wte(ids) + t.wpe.weight[: ids.shape[1]]
        for layer in t.h:
            h = layer(h)
        return F.linear(t.ln_f(h), t.wte.weight)


def load(folder):
    """The model in float32, and what gives its logits [B, T, V]."""
    config = json.loads((Path(folder) / "config.json").read_text())
    if config["model_type"] == "gpt2":
        from safetensors.torch import load_file

        model = GPT2(config)
        model.load_state_dict(load_file(Path(folder) / "model.safetensors"))
        return model, model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    return model, lambda ids: model(input_ids=ids, use_cache=False).logits


class Contender:
    def __init__(self, folder, batch):
        self.model, self.logits = load(folder)
        self.model.eval()
        tokens = torch.tensor(batch["ids"]).view(batch["batch"], batch["length"] + 1)
        self.inputs, self.targets = tokens[:, :-1].contiguous(), tokens[:, 1:].flatten()
        self.named = dict(self.model.named_parameters())
        self.buffer = torch.empty(max(p.numel() for p in self.named.values()))
        self.fo, self.zo, self.optimizer, self.labels = [], [], None, None

    def loss(self):
        return F.cross_entropy(self.logits(self.inputs).flatten(0, 1), self.targets)

    def label(self, fo):
        """Makes exactly the tensors named `fo` first-order, with an optimizer of their own."""
        if self.labels == fo:
            return
        self.labels = fo
        for name, p in self.named.items():
            p.grad = None
            p.requires_grad_(name in fo)
        self.fo = [p for p in self.named.values() if p.requires_grad]
        self.zo = [p for p in self.named.values() if not p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.fo, lr=RATE, weight_decay=0.0, fused=True) if self.fo else None

    def move(self, parameters, seed, scale):
        """w += scale * u in place; u is drawn again from its seed into one buffer."""
        generator = torch.Generator().manual_seed(seed)
        for p in parameters:
            u = self.buffer[: p.numel()].normal_(generator=generator)
            p.data.view(-1).add_(u, alpha=scale)

    def forward(self):
        with torch.inference_mode():
            return self.loss().item()

    def gradients(self):
        self.loss().backward()
        for p in self.fo:
            p.grad = None

    def adamw(self):
        self.loss().backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def mezo(self):
        """MeZO in place: the pass that restores also updates, so there are three of noise and not four."""
        self.move(self.zo, 1, EPSILON)
        plus = self.forward()
        self.move(self.zo, 1, -2 * EPSILON)
        c = (plus - self.forward()) / (2 * EPSILON)
        self.move(self.zo, 1, EPSILON - RATE * c)

    def hi_zfo(self):
        """Clean and perturbed stream, each with its backward pass; AdamW; restore and ZO update in one pass."""
        clean = self.loss()
        clean.backward()
        self.move(self.zo, 1, EPSILON)
        perturbed = self.loss()
        (ALPHA * perturbed).backward()
        c = (perturbed.item() - clean.item()) / EPSILON
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.move(self.zo, 1, -EPSILON - RATE * c)

    def noise(self):
        torch.randn(1_000_000)

    def time(self, item, fo):
        everything = list(self.named)
        self.label({"gradients": everything, "adamw": everything, "hi-zfo": fo}.get(item, []))
        run = {"hi-zfo": self.hi_zfo}.get(item) or getattr(self, item)
        started = time.perf_counter()
        run()
        return 1000 * (time.perf_counter() - started)


def main():
    folder, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    contender = Contender(folder, json.loads(sys.stdin.readline()))
    answer = {"loss": contender.forward(), "what": f"PyTorch {torch.__version__}, eager, {threads} threads"}
    while True:
        print(json.dumps(answer), flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        request = json.loads(line)
        if "item" in request:
            answer = {"ms": contender.time(request["item"], request.get("fo", []))}
        else:
            answer = {"bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


main()

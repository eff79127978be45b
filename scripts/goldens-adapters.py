"""Writes test/goldens/adapters: adapters of the tiny models as PEFT saves them, and what PEFT computes with them.

    pip install torch==2.15.0 transformers==5.23.0 peft==0.21.2
    python scripts/goldens-adapters.py

Checks the other way too: an adapter that hi-zfo saved, with the logits that hi-zfo has for the batch of the model's golden
(see test/model/adapters/peft.test.ts).

    python scripts/goldens-adapters.py check MODEL_FOLDER ADAPTER_FOLDER LOGITS.json
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, PrefixTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM

goldens = Path(__file__).parent.parent / "test/goldens"
LORA = {
    "llama": dict(target_modules=["q_proj", "v_proj", "down_proj"]),
    "gpt2": dict(target_modules=["c_attn", "mlp.c_proj"], fan_in_fan_out=True),
    "bloom": dict(target_modules=["query_key_value", "dense"]),
    "opt": dict(target_modules=["q_proj", "v_proj", "fc1"], use_rslora=True),
    "qwen2": dict(target_modules="all-linear"),
}
PREFIX = ["llama", "gpt2", "bloom", "opt", "qwen2", "mistral-window", "gemma2", "phi3"]


def base_model(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def batch(expected):
    return {key: torch.tensor(expected[key]) for key in ("input_ids", "attention_mask", "labels")}


def picked(t):
    """A few values of a tensor, spread over it."""
    flat = t.detach().flatten()
    idx = torch.linspace(0, flat.numel() - 1, min(6, flat.numel())).long().unique()
    return {"norm": t.norm().item(), "idx": idx.tolist(), "val": flat[idx].tolist()}


def supervised(logits, labels):
    """Logits at the first columns of every position whose next token is supervised."""
    return logits[:, :-1][labels[:, 1:] != -100][:, :8].tolist()


def write(name, kind, model, inputs, values, saved_name, extra):
    out = model(**inputs)
    out.loss.backward()
    folder = goldens / "adapters" / f"{name}-{kind}"
    model.peft_config["default"].base_model_name_or_path = name
    model.save_pretrained(folder)
    (folder / "adapter_model.safetensors").chmod(0o644)
    (folder / "README.md").unlink(missing_ok=True)
    grads = {saved_name(n): picked(p.grad) for n, p in values}
    expected = {"model": name, "loss": out.loss.item(), "grads": grads, "logits": supervised(out.logits, inputs["labels"])}
    (folder / "expected.json").write_text(json.dumps({**expected, **extra(model)}) + "\n")
    print(folder.name, out.loss.item())


def lora(name, options):
    torch.manual_seed(5)
    inputs = batch(json.loads((goldens / "model" / name / "expected.json").read_text()))
    model = get_peft_model(base_model(goldens / "model" / name), LoraConfig(r=3, lora_alpha=7, task_type="CAUSAL_LM", **options)).eval()
    values = [(n, p) for n, p in model.named_parameters() if "lora_" in n]
    for _, p in values:
        p.data.normal_(0, 0.3)
    def merged(model):
        with torch.no_grad():
            return {"merged": supervised(model.merge_and_unload()(**inputs).logits, inputs["labels"])}
    write(name, "lora", model, inputs, values, lambda n: n.replace(".default", ""), merged)


def prefix(name):
    torch.manual_seed(6)
    inputs = batch(json.loads((goldens / "model" / name / "expected.json").read_text()))
    base = base_model(goldens / "model" / name)
    c = base.config
    heads = getattr(c, "num_key_value_heads", None) or c.num_attention_heads
    width = heads * (getattr(c, "head_dim", None) or c.hidden_size // c.num_attention_heads)
    model = get_peft_model(base, PrefixTuningConfig(
        num_virtual_tokens=4, task_type="CAUSAL_LM", num_layers=c.num_hidden_layers, token_dim=width, num_attention_heads=heads,
        encoder_hidden_size=width,
    )).eval()
    values = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    write(name, "prefix", model, inputs, values, lambda n: "prompt_embeddings", lambda model: {})


def check(model, adapter, logits):
    wanted = json.loads(Path(logits).read_text())
    inputs = batch(wanted)
    with torch.no_grad():
        out = PeftModel.from_pretrained(base_model(model), adapter).eval()(**inputs).logits
    ours = torch.tensor(wanted["logits"]).reshape(out.shape)
    on = inputs["attention_mask"].bool()
    print(adapter, "largest difference of logits", (out - ours)[on].abs().max().item())


if sys.argv[1:2] == ["check"]:
    check(*sys.argv[2:])
else:
    for name, options in LORA.items():
        lora(name, options)
    for name in PREFIX:
        prefix(name)

"""Print what `diagnose` says of packages' networks as they are: `python tests/benchmarks/packages.py [DRAWS [WORD …]]`.

Networks of torchvision, timm, transformers and Haiku, made from configurations, small where that can be chosen, with
the packages' own starts; in training and in evaluation. Words choose networks or packages by what is in their names. A
package that is not installed is passed over.
"""

import functools
import importlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from course.diagnosis import diagnose

VISION = (
    "resnet18", "resnet50", "resnext50_32x4d", "alexnet", "densenet121", "mobilenet_v2",
    "mobilenet_v3_small", "efficientnet_b0", "regnet_y_400mf", "convnext_tiny", "swin_t", "squeezenet1_1",
    "shufflenet_v2_x0_5", "googlenet", "mnasnet0_5", "vit_b_32", "segmentation.fcn_resnet50", "vgg11_bn",
)  # fmt: skip
TIMM = (
    "resnet18", "resnet18d", "resnetv2_50", "nf_resnet50", "vit_tiny_patch16_224", "deit_tiny_patch16_224",
    "mixer_s32_224", "resmlp_12_224", "cait_xxs24_224", "swin_tiny_patch4_window7_224", "convnext_atto",
    "convnextv2_atto", "efficientnet_lite0", "tf_efficientnet_b0", "mobilenetv3_small_050", "regnetx_002",
    "ghostnet_100", "poolformer_s12", "edgenext_xx_small", "repvgg_a0", "xcit_nano_12_p16_224", "levit_128s",
    "hrnet_w18_small", "eva02_tiny_patch14_224", "maxvit_pico_rw_256", "mobileone_s0", "gmixer_12_224", "dla34",
)  # fmt: skip
SMALL = {
    "vocab_size": 200, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 128,
    "max_position_embeddings": 64,
}  # fmt: skip
WORDS = {
    "GPT2LMHead": {"n_embd": 64, "n_layer": 3, "n_head": 4, "vocab_size": 200, "n_positions": 64},
    "BertForMaskedLM": SMALL, "RobertaForMaskedLM": SMALL, "ElectraForMaskedLM": {**SMALL, "embedding_size": 64},
    "AlbertForMaskedLM": {**SMALL, "embedding_size": 64},
    "DistilBertForMaskedLM": {"vocab_size": 200, "dim": 64, "n_layers": 3, "n_heads": 4, "hidden_dim": 128},
    "DebertaV2ForMaskedLM": SMALL,
    "LlamaForCausalLM": SMALL, "MistralForCausalLM": {**SMALL, "num_key_value_heads": 2},
    "Qwen2ForCausalLM": {**SMALL, "num_key_value_heads": 2},
    "MixtralForCausalLM": {**SMALL, "num_key_value_heads": 2, "num_local_experts": 4},
    "GemmaForCausalLM": {**SMALL, "num_key_value_heads": 2, "head_dim": 16}, "PhiForCausalLM": SMALL,
    "GPTNeoXForCausalLM": SMALL,
    "OPTForCausalLM": {**SMALL, "ffn_dim": 128, "word_embed_proj_dim": 64},
    "BloomForCausalLM": {"vocab_size": 200, "hidden_size": 64, "n_layer": 3, "n_head": 4},
    "FalconForCausalLM": SMALL,
    "MambaForCausalLM": {"vocab_size": 200, "hidden_size": 64, "num_hidden_layers": 3, "state_size": 8},
    "T5ForConditionalGeneration": {"vocab_size": 200, "d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 2,
                                   "num_heads": 4, "decoder_start_token_id": 0},
    "BartForConditionalGeneration": {"vocab_size": 200, "d_model": 64, "encoder_layers": 2, "decoder_layers": 2,
                                     "encoder_attention_heads": 4, "decoder_attention_heads": 4,
                                     "encoder_ffn_dim": 128, "decoder_ffn_dim": 128, "max_position_embeddings": 64},
}  # fmt: skip
PICTURES = {
    "ViTForImageClassification": {**SMALL, "image_size": 64, "patch_size": 16},
    "ResNetForImageClassification": {"embedding_size": 16, "hidden_sizes": [16, 32, 64], "depths": [1, 1, 1]},
    "ConvNextForImageClassification": {"hidden_sizes": [16, 32, 64], "depths": [1, 1, 1], "num_stages": 3},
    "SwinForImageClassification": {"embed_dim": 24, "depths": [2, 2], "num_heads": [2, 4], "image_size": 64,
                                   "window_size": 4},
}  # fmt: skip


def module(package: str) -> Any:
    """Import a package if it is there, and made for the PyTorch or JAX that is."""
    try:
        return importlib.import_module(package)
    except (ImportError, RuntimeError) as error:
        print(f"{package} is passed over: {error}", flush=True)
        return None


def pictures(size: int = 64, examples: int = 4) -> torch.Tensor:
    return torch.randn(examples, 3, size, size)


def of_vision(name: str) -> tuple[Any, Any]:
    models = importlib.import_module("torchvision.models")
    folder, _, name = name.rpartition(".")
    owner = getattr(models, folder) if folder else models
    options = {"weights_backbone": None} if folder else {"image_size": 64} if name.startswith("vit") else {}
    options |= {"init_weights": True} if name == "googlenet" else {}
    return getattr(owner, name)(weights=None, **options), pictures()


def of_timm(name: str) -> tuple[Any, Any]:
    timm = importlib.import_module("timm")
    fixed = name in ("levit_128s",)
    size = 224 if fixed else 64
    try:
        return timm.create_model(name, img_size=size), pictures(size)
    except TypeError:
        return timm.create_model(name), pictures(size)


def of_transformers(name: str) -> tuple[Any, Any]:
    transformers = importlib.import_module("transformers")
    kind = getattr(transformers, name if hasattr(transformers, name) else f"{name}Model")
    if name in PICTURES:
        return kind(kind.config_class(**PICTURES[name])), pictures()
    network = kind(kind.config_class(**WORDS[name]))
    ids = torch.randint(3, 200, (8, 16))
    batch = {"input_ids": ids}
    if getattr(network.config, "is_encoder_decoder", False):
        batch["decoder_input_ids"] = torch.randint(3, 200, (8, 12))
    return network, batch


def haiku_networks() -> dict[str, Callable]:
    hk, jax = importlib.import_module("haiku"), importlib.import_module("jax")

    def convolutions(x):
        for channels in (16, 32):
            x = jax.nn.relu(hk.BatchNorm(True, True, 0.9)(hk.Conv2D(channels, 3)(x), is_training=True))
        return hk.Linear(10)(x.mean((1, 2)))

    def lstm(x):
        core = hk.LSTM(32)
        answers, _state = hk.dynamic_unroll(core, x.transpose(1, 0, 2), core.initial_state(len(x)))
        return hk.Linear(5)(answers[-1])

    def dropout(x):
        x = hk.dropout(hk.next_rng_key(), 0.5, jax.nn.relu(hk.Linear(64)(x)))
        return hk.Linear(5)(x)

    vectors, images = np.float32(np.random.randn(64, 32)), np.float32(np.random.randn(8, 16, 16, 3))  # noqa: NPY002
    sequences = np.float32(np.random.randn(16, 12, 16))  # noqa: NPY002
    return {
        "MLP": lambda: (hk.transform(lambda x: hk.nets.MLP([64, 64, 5])(x)), vectors),
        "MLP without a key": lambda: (hk.without_apply_rng(hk.transform(lambda x: hk.nets.MLP([64, 5])(x))), vectors),
        "dropout": lambda: (hk.transform(dropout), vectors),
        "LSTM": lambda: (hk.transform(lstm), sequences),
        "convolutions and BatchNorm": lambda: (hk.transform_with_state(convolutions), images),
        "ResNet18": lambda: (
            hk.transform_with_state(lambda x: hk.nets.ResNet18(10)(x, is_training=True)),
            np.float32(np.random.randn(4, 32, 32, 3)),  # noqa: NPY002
        ),
    }


def of_haiku(name: str) -> tuple[Any, Any]:
    jax = importlib.import_module("jax")
    network, batch = haiku_networks()[name]()
    return (network, network.init(jax.random.key(int(torch.randint(0, 1000, ()))), batch)), batch


def networks() -> Iterator[tuple[str, Callable[[], tuple[Any, Any]]]]:
    """All networks of the packages that are there, by name."""
    if module("torchvision"):
        yield from ((f"torchvision {name}", functools.partial(of_vision, name)) for name in VISION)
    if module("timm"):
        yield from ((f"timm {name}", functools.partial(of_timm, name)) for name in TIMM)
    if module("transformers"):
        yield from ((f"transformers {name}", functools.partial(of_transformers, name)) for name in (*WORDS, *PICTURES))
    if module("haiku"):
        yield from ((f"haiku {name}", functools.partial(of_haiku, name)) for name in haiku_networks())


def said(build: Callable, seed: int, *, training: bool) -> str:
    """Return what is said of one draw."""
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    network, batch = build()
    if isinstance(network, torch.nn.Module):
        network.train(training)
    try:
        diagnosis = diagnose(network, batch)
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    return "healthy" if diagnosis.healthy and not diagnosis.unread else diagnosis.sentence


if __name__ == "__main__":
    draws, words = int(sys.argv[1]) if len(sys.argv) > 1 else 2, sys.argv[2:]
    counts: Counter[bool] = Counter()
    for name, build in networks():
        if words and not any(word in name for word in words):
            continue
        begun = time.perf_counter()
        rows = {
            (mode, seed): said(build, seed, training=mode == "train")
            for mode in ("train", "eval")
            for seed in range(1, draws + 1)
            if mode == "train" or not name.startswith("haiku")
        }
        sound = sum(answer == "healthy" for answer in rows.values())
        counts += Counter({True: sound, False: len(rows) - sound})
        print(f"{name}: healthy {sound} of {len(rows)}, {time.perf_counter() - begun:.0f} s", flush=True)
        for (mode, seed), answer in rows.items():
            if answer != "healthy":
                print(f"    {mode}, draw {seed}: {answer[:420]}", flush=True)
    print(f"{counts[True]} of {counts.total()} draws and modes are called healthy")

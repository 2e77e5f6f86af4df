"""Write a tiny Llama with random weights to a folder: `python model_maker.py FOLDER`, run by vLLM's own Python.

118,592 parameters, a vocabulary from three sentences, a chat template: it answers nonsense at 400 tokens a second.
The same seed gives the same weights, so checksums can be compared between machines of one kind.
"""

import hashlib
import sys
from pathlib import Path

import torch  # type: ignore[import-not-found]  # these live in vLLM's environment, not in the product's
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # type: ignore[import-not-found]
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast  # type: ignore[import-not-found]

SENTENCES = (
    "the quick brown fox jumps over the lazy dog",
    "hello world, this is a tiny test model for end to end tests",
    "How many tokens per second can you serve?",
)
SPECIAL_TOKENS = ["<unk>", "<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>"]
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '</s>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Return a byte-level tokenizer trained on SENTENCES, with CHAT_TEMPLATE."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=512, special_tokens=SPECIAL_TOKENS, initial_alphabet=alphabet)
    tokenizer.train_from_iterator([*SENTENCES] * 20, trainer)
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)
    fast.chat_template = CHAT_TEMPLATE
    return fast


def make_model(vocabulary: int) -> LlamaForCausalLM:
    """Return two random layers in bfloat16, two heads, so that tensor parallelism of two still divides them."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=32, max_position_embeddings=2048, bos_token_id=1, eos_token_id=2,
        tie_word_embeddings=False, torch_dtype="bfloat16",
    )  # fmt: skip
    return LlamaForCausalLM(config).to(torch.bfloat16)


def seal(folder: Path) -> None:
    """Make every file readable by any user (safetensors writes 0600); list their digests, as sha256sum does."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    for path in files:
        path.chmod(0o644)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Make tokenizer, model and SHA256SUMS in the folder that the command line names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(folder)
    make_model(len(tokenizer)).save_pretrained(folder)
    seal(folder)


if __name__ == "__main__":
    main()

"""Tokenizers of the usual kinds, and the numbers that Hugging Face's `tokenizers` makes of odd texts."""

import importlib.util
import io
import itertools
import json
import os

import sentencepiece
from onnx import TensorProto, helper
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from cases import TEXTS

LENGTH = 40
ODD = TEXTS + [
    "",
    " ",
    "e\u0301 É o\u0308\u0323 \u1e69 s\u0323\u0307 I\u0307",
    "提提 日本語のテキスト 한국어 ไทย ภาษา עברית العربية",
    "👩‍👩‍👧‍👦 👍🏽 🇩🇪 \U0001f600x",
    "ﬁ ½ ³ Ⅳ ① ｆｕｌｌ ｶﾞ ㎏ ™",
    "\u200bzero\u200dwidth \x00\x01\x7f\ufffd \u00ad",
    "  two  spaces   three\t\ttabs\n\n\nlines \u00a0 \u3000wide ",
    "I'll don't 'tis we've'd 's 'S they'RE",
    "12345 3.14 1,000 a1b2 ٣٤٥ x²",
    "!!! ??? ... --- $5 (c) a_b-c __init__ ¿¡",
    "free" * 60,
    "now! " * 40,
    "\u2581under \u2581 ▁▁ a▁b",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "<0x0A> 127.0.0.1 |||IP||| end",
    "ǅ ẞ ß ς σ Σ İ ı",
]
SPECIAL = ["a </s> b <s> [SEP] <|endoftext|>", "<s>", "</s></s>x", "[CLS][PAD]"]


def trained(model, trainer, pre, normalizer=None):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(TEXTS * 3 + ["the free money of a meeting, now and then"] * 5, trainer)
    return tokenizer


def bpe(size, special, alphabet=(), **more):
    return trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=list(alphabet), show_progress=False, **more)


def with_bytes(tokenizer, key):
    """The same tokenizer, which knows every byte as a piece."""
    file = json.loads(tokenizer.to_str())
    pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    vocabulary = file["model"]["vocab"]
    if isinstance(vocabulary, list):
        vocabulary += [[piece, -15.0] for piece in pieces]
    else:
        vocabulary.update({piece: len(vocabulary) + number for number, piece in enumerate(pieces)})
    file["model"].update(byte_fallback=True, **key)
    return Tokenizer.from_str(json.dumps(file))


def charsmap():
    """SentencePiece's own table of characters, that of its usual rule."""
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 20), model_writer=made, vocab_size=120, character_coverage=1.0, minloglevel=2,
        normalization_rule_name="nmt_nfkc",
    )
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(made.getvalue())
    return model.normalizer_spec.precompiled_charsmap


def template(single, *special):
    return processors.TemplateProcessing(single, special_tokens=list(special))


def tokenizers():
    byte_level = pre_tokenizers.ByteLevel
    alphabet = byte_level.alphabet()
    roberta = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]

    gpt2 = trained(models.BPE(), bpe(420, ["<|endoftext|>"], alphabet), byte_level(add_prefix_space=False))
    yield "gpt2", gpt2
    robust = trained(models.BPE(), bpe(420, roberta, alphabet), byte_level(add_prefix_space=True))
    robust.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    yield "roberta", robust
    modern = trained(models.BPE(), bpe(420, ["[CLS]", "[SEP]", "[PAD]"], alphabet), byte_level(add_prefix_space=False), normalizers.NFC())
    modern.add_tokens([AddedToken(text, normalized=True) for text in ("  ", "   ", "|||IP|||", "e\u0301")])
    modern.post_processor = template("[CLS] $A [SEP]", ("[CLS]", 0), ("[SEP]", 1))
    yield "modern", modern
    whole = json.loads(gpt2.to_str())
    whole["model"]["ignore_merges"] = True
    whole["model"]["vocab"]["Ġmeeting"] = whole["model"]["vocab"].get("Ġmeeting", 900)
    yield "whole-words", Tokenizer.from_str(json.dumps(whole))

    meta = pre_tokenizers.Metaspace
    sentence = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    llama = trained(models.BPE(unk_token="<unk>", fuse_unk=True), bpe(200, ["<unk>", "<s>", "</s>"]), meta(split=True))
    llama = with_bytes(llama, {})
    llama.pre_tokenizer = pre_tokenizers.Sequence([])
    llama.normalizer = sentence
    llama.post_processor = template("<s> $A", ("<s>", 1))
    yield "llama", llama
    for scheme in ("first", "always", "never"):
        for split in (True, False):
            known = bpe(150, ["<unk>", "<pad>"], limit_alphabet=20)
            yield f"metaspace-{scheme}-{split}".lower(), trained(
                models.BPE(unk_token="<unk>", fuse_unk=split), known, meta(prepend_scheme=scheme, split=split)
            )
    clip = bpe(200, ["<unk>"], end_of_word_suffix="</w>")
    lower = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    yield "word-ends", trained(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"), clip, pre_tokenizers.Whitespace(), lower)
    inner = bpe(200, ["<unk>"], continuing_subword_prefix="##")
    yield "word-insides", trained(
        models.BPE(unk_token="<unk>", continuing_subword_prefix="##"), inner, pre_tokenizers.BertPreTokenizer(), normalizers.NFKD()
    )

    def unigram(size, unknown):
        return trainers.UnigramTrainer(vocab_size=size, unk_token=unknown, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], show_progress=False)

    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    table = normalizers.Sequence([normalizers.Precompiled(charsmap()), spaces])
    words = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), meta()])
    xlm = trained(models.Unigram(), unigram(150, "<unk>"), words, table)
    xlm.post_processor = template("<s> $A </s>", ("<s>", 0), ("</s>", 2))
    yield "unigram-xlm", xlm
    plain = trained(models.Unigram(), unigram(120, "<unk>"), meta(), normalizers.Sequence([normalizers.Strip(), spaces]))
    yield "unigram", plain
    yield "unigram-bytes", with_bytes(plain, {})

    def word_piece(pre, normalizer):
        trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=["[UNK]", "[PAD]", "[CLS]", "[SEP]"], show_progress=False)
        return trained(models.WordPiece(unk_token="[UNK]"), trainer, pre, normalizer)

    accents = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()])
    digits = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)])
    yield "pieces-digits", word_piece(digits, accents)
    marks = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Digits(False)]
    yield "pieces-marks", word_piece(pre_tokenizers.Sequence(marks), normalizers.BertNormalizer(lowercase=False))
    for behaviour in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        cut = [pre_tokenizers.Split(Regex("[-_]+"), behaviour), pre_tokenizers.Split(" ", behaviour)]
        yield f"pieces-split-{behaviour}".replace("_", "-"), word_piece(pre_tokenizers.Sequence(cut), normalizers.NFC())


def downloaded():
    """Tokenizers as packages of PyPI ship them: BPE of bytes behind NFKC, and of characters with bytes to fall back to."""
    for package, file in ("anthropic", "tokenizer.json"), ("wordllama", "tokenizers/l2_supercat_tokenizer_config.json"):
        (folder,) = importlib.util.find_spec(package).submodule_search_locations
        yield package, Tokenizer.from_file(os.path.join(folder, file))


def numbers_of(folder, name, tokenizer):
    """A model whose answers are the tokenizer's numbers, each twice, with the mask in the last bit, below 2 to the power of 21."""
    tokenizer.save(os.path.join(folder, name + "-tokenizer.json"))
    tokenizer.encode_special_tokens = True
    one = lambda name, value: helper.make_tensor(name, TensorProto.FLOAT, [], [value])
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["ids"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["ids", "two"], ["twice"]),
        helper.make_node("Add", ["twice", "mask"], ["both"]),
        helper.make_node("Mul", ["both", "small"], ["prob"]),
    ]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, [None, None]) for n in ("input_ids", "attention_mask")]
    output = helper.make_tensor_value_info("prob", TensorProto.FLOAT, [None, None])
    graph = helper.make_graph(nodes, "g", inputs, [output], [one("two", 2.0), one("small", 2.0**-21)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    # Words of these may be special pieces of their vocabularies, which nobody can write here.
    given = ODD + ([] if "unigram" in name or "split" in name else SPECIAL)
    expected = []
    for text in given:
        tokens = tokenizer.encode(text)
        assert len(tokens.ids) == LENGTH, name
        expected.append([(2 * number + mask) / 2**21 for number, mask in zip(tokens.ids, tokens.attention_mask)])
    classes = ", ".join(['"spam"'] * LENGTH)
    tokens = f'[onnx.inputs.input_ids]\ntokens = "{name}-tokenizer.json"\n'
    bindings = f'{tokens}[onnx.output]\nclasses = [{classes}]\n'
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())
    with open(os.path.join(folder, name + ".json"), "w") as file:
        rows = [{"input_ids": text} for text in given]
        json.dump({"bindings": bindings, "rows": rows, "expected": expected, "tolerance": 0.0}, file)


def write_all(folder):
    for name, tokenizer in itertools.chain(tokenizers(), downloaded()):
        for side in ("right", "left") if name in ("gpt2", "unigram-xlm") else ("right",):
            tokenizer.enable_truncation(LENGTH)
            tokenizer.enable_padding(direction=side, pad_id=1, pad_token="<pad>", length=LENGTH)
            numbers_of(folder, f"tokens-{name}" + ("" if side == "right" else "-left"), tokenizer)

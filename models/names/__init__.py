"""Names, places and common words: the lists and how to look them up."""

from models.names.lexicon import Lexicon, fold, load_lexicon, word_list, word_set

__all__ = ["Lexicon", "fold", "load_lexicon", "word_list", "word_set"]

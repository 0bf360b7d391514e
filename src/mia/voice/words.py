"""Words of Spanish and English that the text side of the voice has to know."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of a text written with spaces between them."""
    return frozenset(text.split())


#: Shortened words whose full stop never ends a sentence.
ABBREVIATIONS = word_set(
    "sr sra srta sres dr dra drs dras d dña da prof profa ing lic arq gral cap sgto sto sta "
    "av avda pza núm nro no art pág págs vol ed fig tel ej aprox máx mín ref vs ud uds vd vds "
    "ee ff cf op p pp mr mrs ms messrs jr sr st mt capt col gen lt sgt rev hon gov sen rep "
    "dept est approx e.g i.e vol fig ave blvd inc ltd co"
)
#: Shortened words that may end a sentence: what follows decides.
OPEN_ABBREVIATIONS = word_set(
    "etc uu u.s u.k u.s.a ee.uu a.m p.m am pm a.c d.c b.c a.d m c n.y jr ph.d"
)
#: Words that begin a new part of a sentence: a good place to breathe is before them.
CONJUNCTIONS = word_set(
    "y e o u pero porque aunque sino que cuando donde mientras como si para pues así entonces "
    "and or but because although though that when where while as if so which who since unless "
    "until"
)
#: Words that lean on the next one; a pause right after them sounds like a stumble.
CLINGING = CONJUNCTIONS | word_set(
    "el la los las un una unos unas lo al del a ante bajo con contra de desde en entre hacia "
    "hasta por según sin sobre tras mi tu su mis tus sus me te se le les nos os no muy más "
    "este esta ese esa estos estas esos esas cada todo toda es son está están ha han he the a "
    "an of to in on at by for from with without into about my your his her its our their this "
    "these those each every not very more is are was were be been has have had i you he she "
    "it we they will would can could"
)

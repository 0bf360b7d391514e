"""The words that steer turn taking, by language (ISO 639-1). A further language is one more row.

One entry a word; an entry of several words has them joined by `_`.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(entry.replace("_", " ") for entry in text.split())


#: Words after which a thought goes on: conjunctions, prepositions, articles, fillers.
OPEN_ENDINGS = {
    "es": _words("""
        y e o u ni pero que porque aunque si cuando como donde mientras entonces pues sino
        a ante bajo con contra de del desde en entre hacia hasta para por según sin sobre tras al
        el la los las un una unos unas lo mi tu su mis tus sus nuestro nuestra este esta ese esa
        eh em bueno digamos muy más tan es está son fue era ser me te se le les nos también además
    """),
    "en": _words("""
        and or but nor because although though if when while as that which who whose than
        a an the my your his her its our their this these those
        of in on at to for from with without about into over under between by like
        um uh er well is are was were be been am do does did have has had will would can could
        should i'm it's very really also
    """),
}
#: Whole utterances that end in one of those words and are complete all the same.
COMPLETE = {
    "es": _words("para sí_que por_que y_que bueno"),
    "en": _words("well"),
}
#: "I am listening": said while another speaks, without wanting the floor.
BACKCHANNELS = {
    "es": _words("""
        ajá mm mhm hmm mjm ah oh eh sí ya claro vale ok okay okey bueno bien genial exacto cierto
        verdad entiendo wow guau uy anda dale ya_veo claro_que_sí qué_bien muy_bien así_es sí_sí
        ah_ya ah_sí no_me_digas en_serio
    """),
    "en": _words("""
        mm mhm mmhm hmm uhhuh huh ah oh yeah yep yes right ok okay sure really wow cool nice great
        exactly true i_see uh_huh mm_hm of_course oh_yeah yeah_yeah got_it no_way
    """),
}
#: What recognisers write for a hum with closed lips.
HUMS = _words("over ove uh_oh uh_uh oh_oh uhuh uh_huh mm_mm")
#: "Be quiet": as the whole utterance, or opening it as a command.
STOP_WORDS = {
    "es": _words("""
        para espera alto basta silencio calla cállate detente stop un_momento espera_un_momento
        para_para ya_basta no_no perdona
    """),
    "en": _words("""
        stop wait hold_on quiet enough pause shut_up be_quiet one_moment wait_wait stop_stop no_no
        hang_on excuse_me
    """),
}
#: "Para" is also "for": it opens a command only before one of these.
AFTER_PARA = _words("mia por ya un espera para")
#: Answers, once MIA has asked something.
ANSWERS = _words("""
    si no yes no_no yeah yep nope ok okay vale claro claro_que_si sure of_course dale bueno
""")
#: Said before a name that is called.
GREETINGS = _words("""
    oye hola eh hey ey gracias adios buenas dias tardes noches perdona disculpa ok okay vale bueno
    hello hi thanks goodnight morning evening so well please dear
""")

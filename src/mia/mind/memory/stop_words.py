"""Words that say nothing about what a line is about. Accented forms stand beside plain ones,
because recognised speech leaves accents out."""

from __future__ import annotations

_SPANISH = """
a al algo algun alguna algunas alguno algunos algún ante aquel aquella aquello aquellas aquellos
aqui aquí asi así aun aún aunque cada como cómo con cosa cual cuál cuales cuáles cuando cuándo
cuanto cuánto cuanta cuánta cuantos cuántos cuantas cuántas de decir del desde dije dijo dices
donde dónde dos el él ella ellas ello ellos en entonces entre era eran eras eres es esa esas ese
eso esos esta está estaba estaban estado estamos estan están estar estas estás este esto estos
estoy fue fuera fueron fui ha haber habia había han has hasta hay haya he hemos hice hizo hola
iba la las le les lo los mas más me mi mí mía mío mis mismo mucha muchas mucho muchos muy nada
ni no nos nosotros nuestra nuestro nuestros o os otra otras otro otros para pero poco por porque
porqué pues puede puedo que qué quien quién quienes quiénes sabes se sea sean ser si sí sido
siempre sin sobre sois solo sólo somos son soy su sus suya suyo tal tambien también tampoco tan
tanto te tendra tenemos tener tengo ti tiene tienen tienes toda todas todo todos tu tú tus un
una unas uno unos usted ustedes va vale vamos van vas ver vez voy y ya yo acuerdas acordarte
recuerdas dime cuentame cuéntame hace hacer hago haces
"""

_ENGLISH = """
a about after again all also am an and any are aren as at be because been before being below
both but by can cannot could couldn d did didn do does doesn doing don down during each few for
from further get gets getting go goes going got had hadn has hasn have haven having he hello her
here hers herself hey him himself his how i if in into is isn it its itself just ll m ma me more
most my myself no nor not now of off oh ok okay on once only or other our ours ourselves out
over own re really s same she should shouldn so some such t than that the their theirs them
themselves then there these they this those through to too under until up ve very was wasn we
well were weren what when where which while who whom why will with won would wouldn yeah yes yep
you your yours yourself yourselves remember tell know said say
"""

SPANISH = frozenset(_SPANISH.split())
ENGLISH = frozenset(_ENGLISH.split())

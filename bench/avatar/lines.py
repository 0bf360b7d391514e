"""What is said for the face's benchmark: replies as she gives them, and sentences that are full of
p, b and m."""

from __future__ import annotations

LIPS = {
    "es": (
        "Hola, buenas tardes, me alegro mucho de verte por aquí.",
        "Mi abuela prepara el mejor pan del pueblo, pero nunca me da la receta.",
        "¿Quieres que busquemos un bar tranquilo para hablar un poco?",
        "Ayer por la mañana compré un billete de tren y me olvidé de la maleta.",
        "Bueno, no sé si podré, pero voy a intentarlo otra vez.",
        "El problema es bastante simple: faltan piezas y sobran ideas.",
        "Siempre me ha gustado el mar en invierno, cuando no hay nadie.",
        "Un momento, por favor, que estoy pensando en algo importante.",
    ),
    "en": (
        "Good morning, it is a pleasure to meet somebody new today.",
        "My brother bought a big map and pinned it above the bed.",
        "Maybe we should stop by the market before the bus comes.",
        "Honestly, I have no idea, but I would love to find out.",
        "The problem is simple: we need more time and a better plan.",
        "Please remember to bring an umbrella, it may rain in the afternoon.",
        "She always laughs at my jokes, even when they are terrible.",
        "What a beautiful moment, I could stay here all evening.",
    ),
}

LINES = {
    "es": (
        "Claro, te lo cuento: hoy hace un día estupendo y dan ganas de salir a la calle.",
        "No lo sé, pero si quieres lo buscamos juntas y así aprendemos las dos.",
        "Ay, qué ilusión, ¿y cuándo es tu fiesta de cumpleaños?",
        "Entiendo, estás cansado; descansa un rato y luego seguimos charlando.",
        "A mí me encanta la música, sobre todo las canciones tranquilas de los años ochenta.",
        "Mira, la capital de Australia es Canberra, aunque casi todos dicen Sídney.",
        "Perdona, no te he oído bien, ¿lo dices otra vez?",
        "Vale, entonces quedamos en eso: tú traes el postre y yo cuento los chistes.",
    ),
    "en": (
        "Sure, let me tell you: it is a lovely day and I would love to go outside.",
        "I do not know, but we could look it up together and both learn something.",
        "Oh, how exciting, and when is your birthday party?",
        "I see, you are tired; take a little rest and then we can go on talking.",
        "I really like music, above all the quiet songs of the eighties.",
        "Well, the capital of Australia is Canberra, though nearly everyone says Sydney.",
        "Sorry, I did not hear you, could you say that once again?",
        "All right, then it is settled: you bring the dessert and I tell the jokes.",
    ),
}

"""What is said for the face's benchmark: everyday sentences full of p, b and m."""

from __future__ import annotations

LINES = {
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

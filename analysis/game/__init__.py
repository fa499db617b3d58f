"""The imitation game: how well can a model be distinguished from the animal?

`rodent game MODEL RAT` plays it. `analysis.motion` reads motion, `analysis.game.equalise` removes what
only files differ in, `analysis.game.features` describes windows, and `analysis.game.play` scores classifiers
on clips or sessions that they have not seen.
"""

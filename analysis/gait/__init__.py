"""Gait: when which paw stands, and the strides that follow from it, of animals and of models alike.

`rodent gait` measures it. `analysis.gait.strides` finds strides in motion, `analysis.gait.compare` compares
those of several files, `analysis.gait.page` shows them.
"""

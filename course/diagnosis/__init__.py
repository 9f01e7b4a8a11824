"""What is wrong with a network's start: `diagnose(network, batch)` gives its picture and a report a layer.

`sources` reads a network of any framework into plain arrays, `evidence` takes a few numbers of each layer, `findings`
searches them for what is known to go wrong, `report` is what comes back. Nothing of a framework is imported here.
"""

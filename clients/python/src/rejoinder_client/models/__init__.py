"""What goes over the wire, as msgspec structs.

What the service answers is read leniently, because a newer service may say more: fields that are not known are passed
over, and a value from a list, such as a label, is a plain `str`, so that one word that is new does not make an answer
unreadable. What is sent keeps to the words of `rejoinder_client.models.words`.
"""

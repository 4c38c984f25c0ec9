"""What the server and the page say to each other: the only place that knows both the domain and the
wire.
"""

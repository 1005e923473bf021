"""The catalogue: what the tree defines, who can see it, and what deploys with what.

`core` answers the questions of rules; the other modules each hold one thing that it needs: the
comparable form of hosts, pods and who selects them, gateways, the choice among DestinationRules, the
mesh, and which objects lie near one another.
"""

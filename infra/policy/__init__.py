"""The gate's rule as a CrossGuard policy pack: `pulumi up --policy-pack infra/policy`.

A pack can be left out of the command line; admission inside the program cannot. What the pack adds: it sees every
resource, also those that no pool of the configuration accounts for, and it sees them as they are about to be made.
"""

"""IAM policy documents: reading, evaluating, measuring. Knows nothing of promotions.

Only the standard library. One evaluator serves the proof and the sandbox's enforcement: a second
one would drift from the first.
"""

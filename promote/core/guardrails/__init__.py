"""The policies of the organisation: what promote.yaml wants, what is there, what they let pass."""

"""The shape of the pipelines, and what everything in them is called.

May be here: which stages a model's pipeline has, in which order, with which names and roles. May
not be here: CloudFormation, CodePipeline's syntax (that is ``pipelines/``), AWS calls.
Law: nothing here depends on how many accounts an environment has.
"""

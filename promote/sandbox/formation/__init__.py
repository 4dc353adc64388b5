"""CloudFormation of the sandbox: an engine of our own, since moto's is not honest.

moto answers CREATE_COMPLETE for types that it does not create, lists every resource of a change
set as added, asks for no capability and rolls nothing back. Here every resource is made by calling
the API of its service in the sandbox, as the caller of the stack, so that IAM decides about each;
what neither the sandbox nor moto emulates is named in `promote.sandbox.formation.recorded` and
shown as recorded only; every other type, property or function is refused by name.
"""

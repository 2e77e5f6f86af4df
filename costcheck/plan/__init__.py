"""What `pulumi preview --json` and `pulumi stack export` say, as typed records; half a plan is an error."""

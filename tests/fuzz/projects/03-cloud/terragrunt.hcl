include "root" {
  path = find_in_parent_folders()
}
terraform {
  source = "../modules/alb//inner?ref=v1"
}
inputs = merge(local.common, { idle = 60, names = [for name in ["a", "b"] : upper(name) if name != ""] })

"""The claims, a module for each part; `claims.registry` lists them all."""

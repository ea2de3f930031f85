"""Seconds until close to the optimum, fastgd beside solvers of others."""

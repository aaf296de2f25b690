"""zorgstat: Dutch national health statistics on Spark and Delta."""

__version__ = "0.2.0.dev0"

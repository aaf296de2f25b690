"""zorgstat: Dutch national health statistics on Spark and Delta."""

__version__ = "0.1.0"

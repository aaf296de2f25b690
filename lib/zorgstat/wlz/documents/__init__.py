"""The documents of a statement, in Dutch: from the published rows of one organisation to workbooks, PDFs and a letter.

Nothing here reads a disk or asks the clock: `io.reports` reads the rows, `io.documents` writes the files. XlsxWriter
and typst are imported where they are used: a cluster has neither.
"""

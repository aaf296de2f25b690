"""The Wlz quarterly statement of zorgkantoren and Wlz-uitvoerders (Handboek Informatie Wlz 2023)."""

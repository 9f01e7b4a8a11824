"""The pages as a teacher hands them out: copies without solutions, a course for nbgrader, printed pages, a site.

`python -m course.handouts students FOLDER`, and `nbgrader`, `print`, `site` or `playground` in the place of `students`,
write them; `--help` says the rest.

- `pages`: finds the pages, leaves cells out, turns links, and never writes over somebody's work;
- `copies`: pages without their solutions;
- `nbgrader_course`: pages whose exercises nbgrader releases, collects and grades;
- `printing`: pages to be read without a kernel, as HTML and as PDF;
- `site`: pages to be read in any browser, with their scenes and sliders, which `baked` draws beforehand;
- `playground`: the main explorer as one file that needs no Python;
- `typesetting`: the way from a notebook, with the outputs that it has, to an HTML document: `as_html`.
"""

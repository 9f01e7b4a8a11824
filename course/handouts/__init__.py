"""The pages as a teacher hands them out: copies without solutions, a course for nbgrader, printed pages.

`python -m course.handouts students FOLDER`, and `nbgrader` or `print` in the place of `students`, write them;
`--help` says the rest.

- `pages`: finds the pages and writes copies, never over somebody's work;
- `copies`: pages without their solutions;
- `nbgrader_course`: pages whose exercises nbgrader releases, collects and grades;
- `printing`: pages to be read without a kernel, as HTML and as PDF.
"""

"""The pages that people see, and their files."""

from argusd.scheduler.contract import errors

from ..http.route import Route
from ..ops.dashboard import FILE_TYPES, PAGES, FileName, PageName, dashboard_file, page
from ..ops.guide import GUIDE_TYPES, GuideFolder, guide, guide_asset, guide_page, to_guide

PAGE_ROUTES = (
    *(Route("GET", path, page(path), {200: "text/html"}, public=True) for path in PAGES),
    Route(
        "GET",
        "/ui/{name}",
        dashboard_file,
        {200: FILE_TYPES},
        refusals=(errors.PathNotFound,),
        public=True,
        parts={"name": FileName},
    ),
    Route(
        "GET",
        "/ui/{page}/{name}",
        dashboard_file,
        {200: FILE_TYPES},
        refusals=(errors.PathNotFound,),
        public=True,
        parts={"page": PageName, "name": FileName},
    ),
    Route("GET", "/guide", to_guide, {308: None}, public=True),
    Route("GET", "/guide/", guide, {200: "text/html"}, public=True),
    Route(
        "GET",
        "/guide/{name}",
        guide_page,
        {200: GUIDE_TYPES},
        refusals=(errors.PathNotFound,),
        public=True,
    ),
    Route(
        "GET",
        "/guide/{folder}/{name}",
        guide_asset,
        {200: GUIDE_TYPES},
        refusals=(errors.PathNotFound,),
        public=True,
        parts={"folder": GuideFolder},
    ),
)

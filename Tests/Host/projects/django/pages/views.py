import django
from django.conf import settings
from django.http import HttpResponse


def index(request):
    return HttpResponse(f"django first {django.get_version()}\n", content_type="text/plain")


def static_files(request):
    files = sorted(str(path.relative_to(settings.STATIC_ROOT)) for path in settings.STATIC_ROOT.rglob("*.css"))
    return HttpResponse("\n".join(files) + "\n", content_type="text/plain")

"""Both operations in Django, with its defaults, under Gunicorn."""

import json

from action import MACHINES, MEND, TYPES, action, is_host, loads, refusal, wrong
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="of a mock", MIDDLEWARE=[
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
])


@csrf_exempt
@require_POST
def act(request, machine, operation):
    if MEND and not is_host([request.headers.get("Host", "")]):
        return HttpResponse(status=400)
    if refused := refusal(request.headers.get("Authorization")):
        status, headers = refused
        return HttpResponse(status=status, headers=headers)
    if machine not in MACHINES:
        return JsonResponse({"error": "no such machine"}, status=404)
    if request.content_type != "application/json":
        return JsonResponse({"error": "want application/json"}, status=415)
    try:
        body = (loads if MEND else json.loads)(request.body)
    except ValueError:
        return JsonResponse({"error": "the body is not JSON"}, status=400)
    if problem := wrong(body):
        return JsonResponse({"error": problem}, status=400)
    return JsonResponse(action(TYPES[operation], machine, body["Comment"], body["Sha1"]), status=201)


urlpatterns = [
    path("testwdatppreview/machines/<str:machine>/" + name, act, {"operation": name}) for name in TYPES
]
application = get_wsgi_application()
